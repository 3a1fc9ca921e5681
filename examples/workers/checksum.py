"""A worker that takes the steps of a queue over HTTP, with nothing but Python's standard library.

    python3 checksum.py http://127.0.0.1:9000 checksums

It takes a job, renews its hold while it works, and answers. When the answer to a renewal says that the task is being
cancelled, or that the ticket is void, it stops: somebody else has the job, or nobody wants it any more.
"""

import hashlib
import json
import os
import sys
import threading
import urllib.error
import urllib.request


class Queue:
    def __init__(self, server, name):
        self.base = f"{server}/workers/v1/queues/{name}"

    def post(self, path, body):
        """Sends `body`; gives the status and what was answered."""
        headers = {"Content-Type": "application/json"}
        if "WORKER_TOKEN" in os.environ:
            headers["Authorization"] = "Bearer " + os.environ["WORKER_TOKEN"]
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refusal:
            return refusal.code, None

    def take(self):
        """Waits for a job; None when there was none for a while."""
        status, ticket = self.post("/take", {"wait_seconds": 20})
        return ticket if status == 200 else None

    def answer(self, ticket, *lines):
        return self.post(f"/jobs/{ticket['ticket']}/answer", {"lines": lines})


class Hold(threading.Thread):
    """Renews a ticket in the background, and tells when the work should stop."""

    def __init__(self, queue, ticket):
        super().__init__(daemon=True)
        self.queue, self.ticket = queue, ticket
        self.stop, self.done = threading.Event(), threading.Event()

    def run(self):
        while not self.done.wait(self.ticket["lease_seconds"] / 3):
            status, beat = self.queue.post(f"/jobs/{self.ticket['ticket']}/renew", {})
            if status != 200 or beat["cancelled"]:
                self.stop.set()
                return


def work(job, stop, tell):
    """The job itself. `job["fence"]` and `job["idempotency_key"]` are there to be passed on to whatever it changes."""
    text = job["input"]
    digest = hashlib.new(job["job"]["algorithm"])
    lines = text.splitlines(keepends=True)
    for done, line in enumerate(lines):
        tell({"progress": {"done": done, "total": len(lines), "text": "lines"}})
        if stop.is_set():
            return {"fail": {"message": "stopped"}}
        digest.update(line.encode())
    about = ["text", job["task"]]
    tell({"record": {"about": about, "by": digest.name, "json": {"lines": len(lines)}}})
    return {"done": digest.hexdigest()}


def main():
    queue = Queue(sys.argv[1], sys.argv[2])
    while True:
        ticket = queue.take()
        if ticket is None:
            continue
        hold = Hold(queue, ticket)
        hold.start()
        try:
            outcome = work(ticket["job"], hold.stop, lambda line: queue.answer(ticket, line))
        except Exception as problem:
            outcome = {"fail": {"message": repr(problem)}}
        hold.done.set()
        queue.answer(ticket, {"say": {"text": f"attempt {ticket['job']['attempt']} by a worker in Python"}}, outcome)


main()
