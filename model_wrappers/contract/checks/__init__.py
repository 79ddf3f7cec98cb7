"""The checks: functions that take a `Subject`, and say what they looked at or raise `Broken` or `DoesNotApply`."""
