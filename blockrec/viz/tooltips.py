"""The text that appears when the pointer rests on a box or a link: everything the picture has no room for."""

from __future__ import annotations

from blockrec.viz.scene import Box, Cluster, Link
from blockrec.words import counted, parameters, shortened


def box_tooltip(box: Box) -> str:
    """Name and block, doc, what it reads, yields and was set to, where it is written."""
    lines = [" · ".join(filter(None, [box.name, box.block or box.role])), shortened(box.doc, 300)]
    lines += [f"{row.name}: {row.detail}" for row in box.rows]
    lines += [f"reads {read.feature} from table {read.table}, dim {read.dim}" for read in box.reads]
    lines += [f"{name} {type}".strip() for name, type in box.outputs.items()]
    lines += [f"{name}: {value}" for name, value in box.settings.items()]
    lines += [*box.notes, parameters(box.parameters) if box.parameters is not None else ""]
    lines += [f"inside: {', '.join(box.inside)}" if box.inside else "", box.place]
    return "\n".join(filter(None, lines))


def link_tooltip(link: Link, target: Box) -> str:
    """`query, keys → score.keys [b, 32]`."""
    port = f"{target.name}.{link.port}" if len(target.ports) > 1 else target.name
    return f"{', '.join(link.values)} → {port} {link.type}".rstrip()


def cluster_tooltip(cluster: Cluster) -> str:
    """Name and size of a composite."""
    size = parameters(cluster.parameters) if cluster.parameters is not None else ""
    return " · ".join(filter(None, [cluster.name, counted(cluster.nodes, "node"), size]))
