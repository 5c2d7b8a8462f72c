"""The look of the page: colours as variables, for light and for dark screens."""

from __future__ import annotations

import re

LIGHT = (
    "--page:#ffffff;--card:#f8fafc;--line:#e2e8f0;--text:#0f172a;--muted:#56637a;--link:#2557c7;"
    "--train:#7c8798;--valid:#2563eb;--test:#c2680a;--good:#167a45;--bad:#b42318;--warn:#8a5a00;--band:#2563eb26;"
    "--p0:#94a3b8;--p1:#3b82f6;--p2:#7c5ce0;--p3:#0e9f9a;--p4:#d28616;--p5:#c2557e"
)
DARK = (
    "--page:#0f1521;--card:#161e2d;--line:#2b3648;--text:#e6ebf4;--muted:#9aa8bd;--link:#8ab0ff;"
    "--train:#8d9aae;--valid:#6ea0ff;--test:#e8a04a;--good:#4cc38a;--bad:#ff8a80;--warn:#e0b050;--band:#6ea0ff30;"
    "--p0:#5d6b80;--p1:#4f83e0;--p2:#9277ea;--p3:#2fb5af;--p4:#d9973b;--p5:#d36e95"
)
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
RULES = """
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 FONT}
main{max-width:1080px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:27px;margin:0}
h2{font-size:19px;margin:44px 0 12px;padding-top:6px;border-top:1px solid var(--line)}
h3{font-size:14px;margin:0 0 4px;font-weight:600}
p{margin:6px 0;max-width:75ch}
a{color:var(--link)}
.muted,.legend,figcaption{color:var(--muted)}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:14px 0 0;font-size:14px}
.state{display:inline-block;font-size:13px;font-weight:600;padding:1px 10px;border-radius:99px;
  border:1px solid currentColor;margin-left:10px;vertical-align:4px}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px;margin:20px 0 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
.tile b{display:block;font-size:21px;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{font-size:13px;color:var(--muted)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:14px;margin-bottom:14px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
figcaption{font-size:13px}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:4px 18px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--muted)}
td.n,th.n{text-align:right;padding:4px 0 4px 18px}
ul.notes{padding-left:20px;margin:10px 0}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px;overflow:auto;
  max-height:560px;font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,'DejaVu Sans Mono',monospace;margin:8px 0}
pre i{font-style:normal;color:var(--link)}pre s{text-decoration:none;color:var(--muted)}
summary{cursor:pointer;color:var(--link);margin:8px 0}
.key{display:inline-block;width:11px;height:11px;border-radius:3px;margin:0 5px 0 0;vertical-align:-1px}
.legend{font-size:13px}.legend span:not(:first-child){margin-left:14px}
.chart{width:100%;height:auto;display:block}
.chart text{font-family:FONT;font-size:11px;fill:var(--muted)}
.mid{text-anchor:middle}.end{text-anchor:end}
.grid{stroke:var(--line);stroke-width:1}
.mark{stroke:var(--good);stroke-width:1.2;stroke-dasharray:4 3}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.line.train{stroke:var(--train)}.line.valid{stroke:var(--valid)}.line.test{stroke:var(--test)}
.line.edge{stroke:var(--muted);stroke-width:1;stroke-dasharray:3 3}
.dot.train{fill:var(--train)}.dot.valid{fill:var(--valid)}.dot.test{fill:var(--test)}
.band{fill:var(--band)}
.ridge{fill:var(--card);stroke:var(--valid);stroke-width:1.2}
.ridge:hover{fill:var(--band)}
.key.train{background:var(--train)}.key.valid{background:var(--valid)}.key.test{background:var(--test)}
.p0{fill:var(--p0)}.p1{fill:var(--p1)}.p2{fill:var(--p2)}.p3{fill:var(--p3)}.p4{fill:var(--p4)}.p5{fill:var(--p5)}
.key.p0{background:var(--p0)}.key.p1{background:var(--p1)}.key.p2{background:var(--p2)}.key.p3{background:var(--p3)}
.line.c0{stroke:var(--p0)}.dot.c0,.key.c0{background:var(--p0);fill:var(--p0)}
.line.c1{stroke:var(--p1)}.dot.c1,.key.c1{background:var(--p1);fill:var(--p1)}
.line.c2{stroke:var(--p2)}.dot.c2,.key.c2{background:var(--p2);fill:var(--p2)}
.line.c3{stroke:var(--p3)}.dot.c3,.key.c3{background:var(--p3);fill:var(--p3)}
.line.c4{stroke:var(--p4)}.dot.c4,.key.c4{background:var(--p4);fill:var(--p4)}
.line.c5{stroke:var(--p5)}.dot.c5,.key.c5{background:var(--p5);fill:var(--p5)}
.cell{fill:var(--valid)}
.wide+.charts{margin-top:12px}
.charts.three{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));margin-bottom:2px}
h3.analysis{font-size:16px;margin:28px 0 2px}
.key.p4{background:var(--p4)}.key.p5{background:var(--p5)}
.graph{overflow:auto}
.graph svg{max-width:100%;height:auto;display:block;margin:0 auto}
@media print{pre{max-height:none}}
""".replace("FONT", FONT)


def style_sheet() -> str:
    """All rules of the page."""
    scheme = f":root{{color-scheme:light dark;{LIGHT}}}@media (prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    return f"{scheme}{RULES}"


def confined(svg: str, to: str) -> str:
    """The picture with its own rules applying inside of `to` only."""
    return re.sub("<style>(.*?)</style>", lambda m: f"<style>{_confined(m[1], to)}</style>", svg, flags=re.DOTALL)


def _confined(rules: str, to: str) -> str:
    """Selectors prefixed; `@media` stays around them."""

    def prefixed(found: re.Match[str]) -> str:
        selectors = [f"{to} {selector.strip()}" for selector in found[1].split(",")]
        return f"{','.join(selectors)}{{"

    return re.sub(r"([^{}@]+)\{", lambda m: m[0] if m.string[m.start() - 1 : m.start()] == "@" else prefixed(m), rules)
