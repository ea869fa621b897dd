// Reads a chart on standard input with Mermaid's own parser; prints its nodes and edges as JSON.
// Labels are decoded as a browser would: entity codes become characters, nothing else is done.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false });

function shown(label) {
  const element = window.document.createElement("div");
  element.innerHTML = label.replaceAll("ﬂ°°", "&#").replaceAll("ﬂ°", "&").replaceAll("¶ß", ";");
  return { text: element.textContent, elements: element.children.length };
}

let text = "";
for await (const piece of process.stdin.setEncoding("utf8")) text += piece;
const { db, type } = await mermaid.mermaidAPI.getDiagramFromText(text);
const nodes = [...db.getVertices().values()].map((node) => ({
  id: node.id,
  ...shown(node.text ?? ""),
  acts: Boolean(node.haveCallback || node.link),
}));
const edges = db.getEdges().map((edge) => [edge.start, edge.end, shown(edge.text).text, edge.stroke]);
process.stdout.write(JSON.stringify({ type, nodes, edges }));
