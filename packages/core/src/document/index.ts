export { type Diagnostic, Diagnostics } from "./diagnostic.ts"
export type { Location } from "./location.ts"
export { mergeDocuments } from "./merge.ts"
export { didYouMean, editDistance, nearest } from "./nearest.ts"
export {
  type DocumentNode,
  entriesOf,
  entryOf,
  isText,
  type ListNode,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type TextNode,
} from "./node.ts"
export { renderDiagnostics } from "./rendering.ts"
export { spanWithin } from "./scalar-offsets.ts"
export { Source, type Span } from "./source.ts"
export { parseYaml } from "./yaml.ts"
