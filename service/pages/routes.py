"""The routes of every page."""

from __future__ import annotations

from fastapi import APIRouter

from . import collection, docs, evaluate, explore, identify, review

router = APIRouter()
for page in (identify, explore, review, collection, evaluate, docs):
    router.include_router(page.router)
