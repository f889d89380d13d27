import type { Span } from "./source.ts"

/** A value of a document, with its place. */
export type DocumentNode = ScalarNode | ListNode<DocumentNode> | MapNode<DocumentNode>

export interface ScalarNode {
  readonly kind: "scalar"
  readonly value: string | number | boolean | null
  readonly span: Span
  /** Where the value itself stands, when `span` is an expression that took it from elsewhere. */
  readonly origin?: Span
}

export interface ListNode<Item> {
  readonly kind: "list"
  readonly items: ReadonlyArray<Item>
  readonly span: Span
  readonly origin?: Span
}

export interface MapNode<Item> {
  readonly kind: "map"
  readonly entries: ReadonlyMap<string, MapEntry<Item>>
  readonly span: Span
  readonly origin?: Span
}

export interface MapEntry<Item> {
  /** The place of the key. */
  readonly key: Span
  readonly value: Item
}

/** A text in a document. */
export type TextNode = ScalarNode & { readonly value: string }

export const isText = (node: DocumentNode | undefined): node is TextNode =>
  node?.kind === "scalar" && typeof node.value === "string"

/** The entries of a map; none for what isn't a map. */
export const entriesOf = (node: DocumentNode | undefined): MapNode<DocumentNode>["entries"] =>
  node?.kind === "map" ? node.entries : new Map()

/** The value of one key of a map; undefined for what isn't a map. */
export const entryOf = (node: DocumentNode | undefined, key: string): DocumentNode | undefined =>
  entriesOf(node).get(key)?.value
