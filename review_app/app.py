"""The app's main script, run by Streamlit at every act: navigation, header, one screen."""

from pathlib import Path

import streamlit as st

from review_app.chrome import header, page_style
from review_app.faults import in_words

st.set_page_config(page_title="AgentHER", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
page_style()
page = st.navigation(
    [
        st.Page("screens/review.py", title="Review", icon=":material/rate_review:", url_path="review", default=True),
        st.Page("screens/team.py", title="Team", icon=":material/group:", url_path="team"),
        st.Page("screens/browse.py", title="Browse", icon=":material/table_rows:", url_path="browse"),
        st.Page("screens/thresholds.py", title="Thresholds", icon=":material/tune:", url_path="thresholds"),
        st.Page("screens/bulk.py", title="Bulk", icon=":material/done_all:", url_path="bulk"),
        st.Page("screens/import_run.py", title="Import & run", icon=":material/input:", url_path="import-run"),
        st.Page("screens/export.py", title="Export", icon=":material/output:", url_path="export"),
    ],
    position="top",
)
with in_words("screen"):
    header()
    page.run()
