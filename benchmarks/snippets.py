"""Code blocks in six languages; numbers and names make every one of them different."""

from random import Random
from string import Template

LANGUAGES = ("python", "yaml", "sql", "bash", "json", "go")

_PYTHON = Template('''\
from dataclasses import dataclass

@dataclass
class Retry$n:
    """Policy of $service, changed after the incident."""
    attempts: int = $a
    backoff: float = $b.5

def call_$word(client, payload: dict[str, str]) -> int:
    for attempt in range($a):
        if client.send("$service", payload, timeout=$b):
            return attempt  # first success
    raise TimeoutError(f"$service gave up after {$a} attempts")
''')
_YAML = Template("""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $service
  labels: {revision: "$n", tier: $word}
spec:
  replicas: $a
  template:
    spec:
      containers:
        - name: $word
          image: registry.example/$service:$n
          resources:
            limits: {cpu: "$b", memory: ${n}Mi}  # was unlimited
""")
_SQL = Template("""\
-- rows that the migration left behind
WITH stuck AS (
    SELECT id, shard, updated_at
    FROM ${word}_jobs
    WHERE state = 'running' AND attempts > $a
      AND updated_at < now() - INTERVAL '$b minutes'
)
UPDATE ${word}_jobs AS job
SET state = 'queued', attempts = 0, note = 'incident $n'
FROM stuck
WHERE job.id = stuck.id AND stuck.shard % $b = $a;
""")
_BASH = Template("""\
#!/usr/bin/env bash
set -euo pipefail
service="$service"
for node in $$(seq $a $n); do
  if ! curl --silent --max-time $b "http://node-$$node.example/healthz" > /dev/null; then
    echo "draining $word-$$node" >&2
    kubectl drain "$word-$$node" --timeout=${b}m
  fi
done
kubectl rollout undo "deployment/$$service" --to-revision=$a
""")
_JSON = Template("""\
{
  "service": "$service",
  "revision": $n,
  "limits": {"connections": ${a}00, "timeout_ms": ${b}000},
  "retry": {"attempts": $a, "jitter": true, "budget": 0.$b},
  "routes": [
    {"match": "/$word/*", "weight": $b, "canary": false},
    {"match": "/$word/v$a", "weight": $a, "canary": true}
  ],
  "owner": null
}
""")
_GO = Template("""\
// Drain$n stops taking work from $service before it shuts down.
func Drain$n(ctx context.Context, jobs <-chan Job) error {
	deadline := time.After($b * time.Second)
	for i := 0; i < $a; i++ {
		select {
		case job := <-jobs:
			if err := job.Finish(ctx); err != nil {
				return fmt.Errorf("$word %d: %w", i, err)
			}
		case <-deadline:
			return errors.New("$service: not drained in time")
		}
	}
	return nil
}
""")
_TEMPLATES = dict(zip(LANGUAGES, (_PYTHON, _YAML, _SQL, _BASH, _JSON, _GO), strict=True))


def snippet(random: Random, number: int, service: str, word: str) -> str:
    """A fenced block of 10 to 15 lines; the language goes round with the document's number."""
    language = LANGUAGES[number % len(LANGUAGES)]
    values = {
        "n": number + 100,
        "a": random.randint(2, 9),
        "b": random.randint(10, 59),
        "service": service,
        "word": word.replace("-", "_"),
    }
    return f"```{language}\n{_TEMPLATES[language].substitute(values)}```\n"
