import { PbfWriter } from "pbf"
import { ATTRIBUTE, type Attribute } from "../node-backend.ts"
import type { Constant, Graph, Operation, Placeholder } from "./graph.ts"

/** The tag under which the graph is found in the file. */
export const TAG = "serve"

/** The version of TensorFlow's graphs that these are: what the operations' attributes mean depends on it. */
const PRODUCER = 1994

/** A graph as a SavedModel without variables, the content of `saved_model.pb`; field numbers are those of TensorFlow's protos. */
export const savedModel = (graph: Graph): Uint8Array => {
  const file = new PbfWriter()
  file.writeVarintField(1, 1)
  file.writeMessage(2, writeMetaGraph, graph)
  return file.finish()
}

const writeMetaGraph = (graph: Graph, meta: PbfWriter): void => {
  meta.writeMessage(1, (tag, information) => information.writeStringField(4, tag), TAG)
  meta.writeMessage(2, writeGraph, graph)
}

const writeGraph = ({ placeholders, constants, operations }: Graph, writer: PbfWriter): void => {
  for (const placeholder of placeholders) writer.writeMessage(1, writePlaceholder, placeholder)
  for (const constant of constants) writer.writeMessage(1, writeConstant, constant)
  for (const operation of operations) writer.writeMessage(1, writeOperation, operation)
  writer.writeMessage(4, (producer, versions) => versions.writeVarintField(1, producer), PRODUCER)
}

const writeOperation = ({ name, operation, inputs, attributes }: Operation, node: PbfWriter): void => {
  node.writeStringField(1, name)
  node.writeStringField(2, operation)
  for (const input of inputs) node.writeStringField(3, input)
  for (const attribute of attributes) writeAttribute(node, attribute.name, attributeValue(attribute))
}

const writePlaceholder = ({ name, dtype, shape }: Placeholder, node: PbfWriter): void => {
  node.writeStringField(1, name)
  node.writeStringField(2, "Placeholder")
  writeAttribute(node, "dtype", (value) => value.writeVarintField(6, dtype))
  writeAttribute(node, "shape", (value) => value.writeMessage(7, writeShape, shape))
}

const writeConstant = (constant: Constant, node: PbfWriter): void => {
  node.writeStringField(1, constant.name)
  node.writeStringField(2, "Const")
  writeAttribute(node, "dtype", (value) => value.writeVarintField(6, constant.dtype))
  writeAttribute(node, "value", (value) => value.writeMessage(8, writeTensor, constant))
}

const writeTensor = ({ dtype, shape, values }: Constant, tensor: PbfWriter): void => {
  tensor.writeVarintField(1, dtype)
  tensor.writeMessage(2, writeShape, shape)
  tensor.writeBytesField(4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
}

const writeShape = (shape: ReadonlyArray<number>, writer: PbfWriter): void => {
  for (const size of shape)
    writer.writeMessage(2, (length, dimension) => dimension.writeVarintField(1, length), size)
}

type WriteValue = (value: PbfWriter) => void

const writeAttribute = (node: PbfWriter, name: string, writeValue: WriteValue): void =>
  node.writeMessage(
    5,
    (_, attribute) => {
      attribute.writeStringField(1, name)
      attribute.writeMessage(2, (__, value) => writeValue(value), undefined)
    },
    undefined,
  )

const attributeValue =
  ({ name, type, value }: Attribute): WriteValue =>
  (writer) => {
    if (type === ATTRIBUTE.shape && isListOf(value, isNumber))
      return writer.writeMessage(7, writeShape, value)
    if (type === ATTRIBUTE.text && typeof value === "string") return writer.writeStringField(2, value)
    if (type === ATTRIBUTE.float && isNumber(value)) return writer.writeFloatField(4, value)
    if (type === ATTRIBUTE.boolean && typeof value === "boolean") return writer.writeBooleanField(5, value)
    if (type === ATTRIBUTE.integer && isNumber(value)) return writer.writeVarintField(3, value)
    if (type === ATTRIBUTE.type && isNumber(value)) return writer.writeVarintField(6, value)
    if (type === ATTRIBUTE.integer && isListOf(value, isNumber))
      return writer.writeMessage(1, (numbers, list) => list.writePackedVarint(3, numbers), [...value])
    throw new Error(`an attribute "${name}" of kind ${type} can't be recorded`)
  }

const isNumber = (value: unknown): value is number => typeof value === "number"

const isListOf = <A>(value: unknown, isOne: (one: unknown) => one is A): value is ReadonlyArray<A> =>
  Array.isArray(value) && value.every(isOne)
