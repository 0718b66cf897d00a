"""The scripts of all runs and the order in which they are shipped."""

from sample_data.runs import analytics, coding, files, research, shopping, support, travel

SCRIPTS = [script for module in (shopping, travel, analytics, support, coding, files, research) for script in module.SCRIPTS]

# Mixed by domain, so that the first items of the review queue show the variety.
ORDER = [
    "shop-headphones-cap", "sql-net-revenue-q3", "travel-lisbon-weekend", "code-fix-invoice-tests", "support-outage-handoff",
    "files-gateway-log", "shop-changed-mind", "travel-kickoff-amsterdam", "support-second-credit", "sql-churn-business",
    "code-latency-report", "shop-gift-basket", "travel-kanazawa-ryokan", "files-backup-upload", "sql-refund-reasons",
    "support-move-home", "shop-hostile-reviews", "travel-rail-loop", "code-claims-green", "files-cleanup-list",
    "support-static-ip", "sql-replica-down", "travel-palma-gives-up", "sql-top-customers", "support-usage-export", "support-downgrade",
]
REFERENCE = [
    "shop-trail-shoes", "code-workbook-csv", "sql-weekly-active", "files-notes-index", "code-explain-slow", "research-heat-pumps", "code-friday-13",
    "shop-monitor-usbc",
]
