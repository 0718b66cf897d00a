"""The four stages: functions of values, with no I/O, no clock and no database."""
