// Who keeps what, as nodes in four layers and edges between them.
import type { AnyRecord, Inventory } from './records.ts';
import { isAlone } from './identity.ts';
import { titleOf } from './references.ts';

export interface GraphNode {
  /** Unique in the graph: `prog 5`. */
  readonly id: string;
  /** 0 processes, 1 links, pins and attachments, 2 programs, 3 maps. */
  readonly layer: 0 | 1 | 2 | 3;
  readonly kind: 'process' | 'link' | 'pin' | 'attachment' | 'prog' | 'map';
  readonly label: string;
  /** What more there is to say, line by line. */
  readonly details: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'holds' | 'pins' | 'runs' | 'uses' | 'tail call' | 'inner map' | 'element' | 'operation';
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The graph of an inventory. `around`: only what this object keeps and what keeps it. */
export function graphOf(inventory: Inventory, around?: Pick<AnyRecord, 'kind' | 'id'>): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const edge = (from: string, to: string, kind: GraphEdge['kind']) =>
    edges.set(`${from} ${to} ${kind}`, { from, to, kind });
  for (const program of inventory.programs) {
    const { id, type, tag, uid, runCount } = program;
    const details = [`type ${type}`, `tag ${tag}`, `uid ${uid}`, `runs ${runCount}`];
    nodes.set(`prog ${id}`, {
      id: `prog ${id}`,
      layer: 2,
      kind: 'prog',
      label: `${titleOf(program)}\n${type}`,
      details,
    });
  }
  for (const map of inventory.maps) {
    const { id, type, keyBytes, valueBytes, maxEntries, memoryBytes } = map;
    const details = [
      `type ${type}`,
      `key ${keyBytes} B, value ${valueBytes} B`,
      `entries up to ${maxEntries}`,
      `memory ${memoryBytes} B`,
    ];
    nodes.set(`map ${id}`, { id: `map ${id}`, layer: 3, kind: 'map', label: `${titleOf(map)}\n${type}`, details });
  }
  for (const link of inventory.links) {
    // A detached link leads nowhere, and still holds its program.
    const { id, type, hook, target, isDetached } = link;
    const place = [hook, target].filter((word) => word !== '').join(' ');
    const label = `link ${id} ${type}\n${isDetached ? 'detached' : place}`;
    nodes.set(`link ${id}`, { id: `link ${id}`, layer: 1, kind: 'link', label, details: [place] });
    if (link.programId !== 0) edge(`link ${id}`, `prog ${link.programId}`, 'runs');
    if (link.mapId !== 0) edge(`link ${id}`, `map ${link.mapId}`, 'uses');
    if (link.targetProgramId !== 0) edge(`link ${id}`, `prog ${link.targetProgramId}`, 'holds');
  }
  for (const record of [...inventory.programs, ...inventory.maps, ...inventory.links]) {
    const key = `${record.kind} ${record.id}`;
    for (const { pid, comm } of record.holders) {
      const id = `process ${pid}`;
      if (!nodes.has(id)) nodes.set(id, { id, layer: 0, kind: 'process', label: `${comm}\npid ${pid}`, details: [] });
      edge(id, key, 'holds');
    }
    // By the file, not the path: one pin may be seen under several paths.
    for (const { path, file, pid } of record.pins) {
      const details = pid === 0 ? [] : [`in the mount namespace of process ${pid}`];
      nodes.set(`pin ${file}`, { id: `pin ${file}`, layer: 1, kind: 'pin', label: path, details });
      edge(`pin ${file}`, key, 'pins');
    }
  }
  for (const program of inventory.programs)
    for (const id of program.mapIds) edge(`prog ${program.id}`, `map ${id}`, 'uses');
  for (const { id, type, contents } of inventory.maps) {
    const ofProgram = type === 'prog_array' ? 'tail call' : type === 'struct_ops' ? 'operation' : 'element';
    for (const item of contents)
      edge(`map ${id}`, `${item.kind} ${item.id}`, item.kind === 'map' ? 'inner map' : ofProgram);
  }
  // What links do is shown by the links; tail calls and operations are edges of their own.
  for (const { programId, via, hook, target, pid } of inventory.attachments.filter(isAlone)) {
    const id = `at ${via} ${hook} ${target}`;
    nodes.set(id, { id, layer: 1, kind: 'attachment', label: `${target}\n${hook}`, details: [via] });
    edge(id, `prog ${programId}`, 'runs');
    if (pid !== 0 && nodes.has(`process ${pid}`)) edge(`process ${pid}`, id, 'holds');
  }
  // What has gone while the inventory was taken has no node.
  const all = [...edges.values()].filter(({ from, to }) => nodes.has(from) && nodes.has(to));
  const kept = around === undefined ? undefined : connected(all, `${around.kind} ${around.id}`);
  const isKept = (id: string) => kept === undefined || kept.has(id);
  return {
    nodes: [...nodes.values()].filter(({ id }) => isKept(id)),
    edges: all.filter(({ from, to }) => isKept(from) && isKept(to)),
  };
}

/** What is reached from a node along the edges, and what reaches it against them. */
function connected(edges: readonly GraphEdge[], start: string): Set<string> {
  const found = new Set([start]);
  // Once along the edges, once against them; never both in one walk, which would reach nearly everything.
  for (const [from, to] of [
    ['from', 'to'],
    ['to', 'from'],
  ] as const) {
    const next = new Map<string, string[]>();
    for (const edge of edges) next.set(edge[from], [...(next.get(edge[from]) ?? []), edge[to]]);
    const way = new Set([start]);
    for (const id of way) for (const other of next.get(id) ?? []) way.add(other);
    for (const id of way) found.add(id);
  }
  return found;
}
