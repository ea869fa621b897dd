"""A server's own count of requests in fixed windows, as pure arithmetic on seconds."""

import math
from dataclasses import dataclass, field


@dataclass
class FixedWindowServer:
    quota: int
    window: int
    offset: float = 0.0
    rounds_up: bool = False
    used: dict[int, int] = field(default_factory=dict)
    refused: int = 0

    def ask(self, now: float) -> tuple[int, dict[str, str]]:
        number = math.floor((now - self.offset) / self.window)
        left = self.offset + (number + 1) * self.window - now
        reset = math.ceil(left) if self.rounds_up else math.floor(left)
        policy = f'"fixed window";"api";q={self.quota};w={self.window}'
        spent = self.used.get(number, 0)
        if spent >= self.quota:
            self.refused += 1
            return 429, {"RateLimit": f'"api";r=0;t={reset}', "RateLimit-Policy": policy}
        self.used[number] = spent + 1
        remaining = self.quota - spent - 1
        return 200, {"ratelimit": f'"api";r={remaining};t={reset}', "ratelimit-policy": policy}
