// name: unique_nodes
CREATE CONSTRAINT perdure_node IF NOT EXISTS FOR (n:PerdureNode) REQUIRE n.id IS UNIQUE;

// name: unique_relations
CREATE CONSTRAINT perdure_relation IF NOT EXISTS FOR ()-[r:PERDURE_RELATION]-() REQUIRE r.id IS UNIQUE;

// name: unique_progress
CREATE CONSTRAINT perdure_progress IF NOT EXISTS FOR (p:PerdureProgress) REQUIRE p.space IS UNIQUE;

// name: nodes_by_space
CREATE INDEX perdure_nodes_by_space IF NOT EXISTS FOR (n:PerdureNode) ON (n.space);

// name: progress
MATCH (p:PerdureProgress {space: $space})
RETURN p.sequence AS sequence;

// Whoever applies changes takes this node first: so they come one after another, in all processes.
// name: begin
MERGE (p:PerdureProgress {space: $space})
SET p.began = coalesce(p.began, 0) + 1
RETURN coalesce(p.sequence, 0) AS sequence;

// name: move
MATCH (p:PerdureProgress {space: $space})
SET p.sequence = CASE WHEN coalesce(p.sequence, 0) < $upto THEN $upto ELSE coalesce(p.sequence, 0) END;

// name: known
UNWIND $ids AS id
MATCH ()-[r:PERDURE_RELATION {id: id}]->()
RETURN r;

// name: keep
UNWIND $rows AS row
MERGE (a:PerdureNode {id: row.start_id}) ON CREATE SET a.space = $space, a.tenant = row.values.tenant, a.name = row.values.start
MERGE (b:PerdureNode {id: row.end_id}) ON CREATE SET b.space = $space, b.tenant = row.values.tenant, b.name = row.values.end
MERGE (a)-[r:PERDURE_RELATION {id: row.id}]->(b)
SET r += row.values;

// name: end
UNWIND $ids AS id
MATCH (a)-[r:PERDURE_RELATION {id: id}]->(b)
DELETE r
WITH a, b
UNWIND [a, b] AS node
WITH DISTINCT node
WHERE NOT EXISTS { (node)--() }
DELETE node;

// name: touching
UNWIND $ids AS id
MATCH (n:PerdureNode {id: id})
CALL (n) {
  MATCH (n)-[r:PERDURE_RELATION]-()
  WHERE ($scopes IS NULL OR r.scope IN $scopes) AND ($kinds IS NULL OR r.kind IN $kinds)
    AND NOT r.kind IN $without
  RETURN r
  ORDER BY r.heat DESC, r.id
  LIMIT $most
}
RETURN DISTINCT r;

// name: count
MATCH (n:PerdureNode {space: $space})-[r:PERDURE_RELATION]->()
RETURN count(r) AS many;

// name: drop_progress
MATCH (p:PerdureProgress {space: $space})
DELETE p;

// name: drop_nodes
MATCH (n:PerdureNode {space: $space})
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF 1000 ROWS;
