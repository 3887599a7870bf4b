# SPDX-License-Identifier: Apache-2.0
"""The measurements behind tests/bench/run. Each module measures one kind of figure and returns
sections (figures.py); what is measured is made in a place (place.py) that leaves nothing behind.
"""
