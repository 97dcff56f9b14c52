"""Processes that are killed, files that are damaged: is anything lost, doubled or wrong?"""
