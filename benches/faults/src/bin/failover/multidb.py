"""Writes all the time, to the better of two databases."""

import sys
import time

from redis.multidb.client import MultiDBClient
from redis.multidb.config import DatabaseConfig, MultiDbConfig

eu, us = sys.argv[1:3]
client = MultiDBClient(
    MultiDbConfig(
        databases_config=[
            DatabaseConfig(from_url=eu, weight=1.0),
            DatabaseConfig(from_url=us, weight=0.5),
        ]
    )
)
while True:
    try:
        client.set("python", 1)
    except Exception:
        pass
    time.sleep(0.01)
