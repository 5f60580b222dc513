"""The log as later rooms read it: each report with when it became known, and what it is about."""

from __future__ import annotations

from folkestrom.engine.steps import step


@step("known_report", reads=["report", "source"])
def known_report() -> str:
    """Reports of the log with the day on which they became known, and the name of their source.

    Each code has one name; as groups it is known to have, and who asks for no name pays no join.
    """
    return """
        SELECT r.position, r.person, r.kind, r.event_date, r.received_at, r.known_from, r.key_hash,
               r.annuls IS NOT NULL AS annuls, r.corrects IS NOT NULL AS corrects, r.target,
               s.name AS source, r.source_report_id
        FROM report r LEFT JOIN (
          SELECT code, max(name) AS name FROM source GROUP BY code
        ) AS s ON s.code = r.source
    """
