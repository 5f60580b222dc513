"""The catalogue for other catalogues: what a reader of RDF finds, and what DCAT-AP-NO asks for."""

from __future__ import annotations

import httpx
import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, URIRef
from rdflib.compare import isomorphic

# What DCAT-AP-NO 3 (data.norge.no/specification/dcat-ap-no) makes mandatory.
MANDATORY = {
    FOAF.Agent: (FOAF.name,),
    DCAT.Catalog: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.contactPoint),
    DCAT.Dataset: (
        DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.contactPoint, DCAT.theme,
    ),
    DCAT.DataService: (
        DCTERMS.title, DCTERMS.publisher, DCAT.contactPoint, DCAT.endpointURL,
    ),
    DCAT.Distribution: (DCAT.accessURL,),
}  # fmt: skip


@pytest.fixture(scope="module")
def graph(address: str) -> Graph:
    return Graph().parse(data=httpx.get(f"{address}/../../../dcat.ttl").text, format="turtle")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_both_forms_say_the_same(address: str, graph: Graph) -> None:
    answer = httpx.get(f"{address}/../../../dcat.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    assert isomorphic(graph, Graph().parse(data=answer.text, format="json-ld"))


@pytest.mark.parametrize("kind", MANDATORY, ids=lambda kind: kind.fragment)
def test_nothing_mandatory_lacks(graph: Graph, kind: URIRef) -> None:
    found = list(graph.subjects(RDF.type, kind))
    assert found
    for one in found:
        lacking = [name for name in MANDATORY[kind] if not list(graph.objects(one, name))]
        assert lacking == []
        for name in (DCTERMS.title, DCTERMS.description):
            languages = [text.language for text in graph.objects(one, name)]
            assert len(languages) == len(set(languages)), "a text in each language, once"


def test_what_it_names_is_there(graph: Graph) -> None:
    (table,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert {f"{text}" for text in graph.objects(table, DCTERMS.title)} == {
        "Population", "Befolkning",
    }  # fmt: skip
    (time,) = graph.objects(table, DCTERMS.temporal)
    assert f"{graph.value(time, DCAT.startDate)} {graph.value(time, DCAT.endDate)}" == (
        "2000-01-01 2021-12-31"
    )
    for name in (DCAT.accessURL, DCAT.endpointDescription, DCAT.landingPage, FOAF.homepage):
        for place in graph.objects(None, name):
            assert httpx.get(f"{place}", follow_redirects=True).status_code == 200
    # The table has more cells than this server gives in one answer.
    assert not list(graph.objects(None, DCAT.downloadURL))
