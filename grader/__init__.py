"""Releases, grades and reports assignments whose submissions strangers wrote.

A notebook runs in a box without a network; what it answers leaves the box as JSON; the instructor's tests are run
outside, on those values. So a submission can give wrong answers, and nothing else.
"""
