import { CheckpointError } from "./checkpoint-error.ts"
import type { PickleInput } from "./pickle-input.ts"
import { PickleStack } from "./pickle-stack.ts"
import {
  PickleDict,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.ts"

/** What gives meaning to the names of a pickle. Each may throw CheckpointError to refuse. */
export interface PickleMeaning {
  /** What a name stands for. */
  readonly find: (module: string, name: string) => PickleValue
  /** What comes of calling that. */
  readonly call: (callable: PickleValue, args: ReadonlyArray<PickleValue>) => PickleValue
  /** What an identity that is outside the pickle stands for. */
  readonly persistent: (id: PickleValue) => PickleValue
}

/** A whole number longer than that has no place in a checkpoint. */
const LONGEST_INTEGER = 256

/**
 * Reads one pickle of the protocols 2 to 5 and builds plain values only. No class is loaded and nothing is called: what
 * a pickle may ask for by name, and what that stands for, `meaning` says.
 *
 * @throws CheckpointError for whatever a checkpoint does not need
 */
export const readPickle = (input: PickleInput, meaning: PickleMeaning): PickleValue => {
  const stack = new PickleStack()
  for (;;) {
    const code = input.byte()
    if (code === STOP) return stack.pop()
    const operation = OPERATIONS[code]
    if (operation === undefined) {
      throw new CheckpointError(
        `its pickle has the instruction 0x${code.toString(16)}, which is not read here`,
      )
    }
    operation(stack, input, meaning)
  }
}

type Operation = (stack: PickleStack, input: PickleInput, meaning: PickleMeaning) => void

const STOP = 0x2e

const integer = (input: PickleInput, length: number): number | bigint => {
  if (length > LONGEST_INTEGER) throw new CheckpointError("its pickle has an integer of absurd length")
  const value = input.integer(length)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const text = (value: PickleValue): string => {
  if (typeof value !== "string") throw new CheckpointError("its pickle has a name that is no text")
  return value
}

const itemsOf = (value: PickleValue): ReadonlyArray<PickleValue> => {
  if (!(value instanceof PickleTuple))
    throw new CheckpointError("its pickle gives arguments that are no tuple")
  return value.items
}

const tuple =
  (length: number): Operation =>
  (stack) => {
    const items: Array<PickleValue> = []
    for (let index = 0; index < length; index++) items.unshift(stack.pop())
    stack.push(new PickleTuple(items))
  }

const append = (stack: PickleStack, items: ReadonlyArray<PickleValue>): void => {
  const target = stack.top()
  if (!(target instanceof PickleList) && !(target instanceof PickleSet)) {
    throw new CheckpointError("its pickle appends to what is no list")
  }
  for (const item of items) target.items.push(item)
}

const setItems = (stack: PickleStack, items: ReadonlyArray<PickleValue>): void => {
  const target = stack.top()
  if (!(target instanceof PickleDict)) throw new CheckpointError("its pickle sets an item of what is no dict")
  for (let index = 0; index + 1 < items.length; index += 2) {
    target.entries.set(items[index] ?? null, items[index + 1] ?? null)
  }
}

const call: Operation = (stack, _, meaning) => {
  const args = itemsOf(stack.pop())
  stack.push(meaning.call(stack.pop(), args))
}

/** Gives an object its state; a dict of OrderedDict's kind may have attributes, which checkpoints don't need. */
const build: Operation = (stack) => {
  const state = stack.pop()
  const target = stack.top()
  if (target instanceof PickleObject) target.state = state
  else if (!(target instanceof PickleDict)) {
    throw new CheckpointError("its pickle gives a state to what can have none")
  }
}

/** By the pickle format's own numbers, in the order of its documentation (pickletools). */
const OPERATIONS: Readonly<Record<number, Operation>> = {
  // Numbers, texts and bytes.
  74: (stack, input) => stack.push(input.int32()),
  75: (stack, input) => stack.push(input.byte()),
  77: (stack, input) => stack.push(input.uint16()),
  138: (stack, input) => stack.push(integer(input, input.byte())),
  139: (stack, input) => stack.push(integer(input, input.uint32())),
  71: (stack, input) => stack.push(input.double()),
  78: (stack) => stack.push(null),
  136: (stack) => stack.push(true),
  137: (stack) => stack.push(false),
  84: (stack, input) => stack.push(input.text(input.uint32(), "latin1")),
  85: (stack, input) => stack.push(input.text(input.byte(), "latin1")),
  88: (stack, input) => stack.push(input.text(input.uint32())),
  140: (stack, input) => stack.push(input.text(input.byte())),
  141: (stack, input) => stack.push(input.text(input.length64())),
  66: (stack, input) => stack.push(input.bytes(input.uint32())),
  67: (stack, input) => stack.push(input.bytes(input.byte())),
  142: (stack, input) => stack.push(input.bytes(input.length64())),
  150: (stack, input) => stack.push(input.bytes(input.length64())),
  // Collections.
  93: (stack) => stack.push(new PickleList()),
  97: (stack) => {
    const item = stack.pop()
    append(stack, [item])
  },
  101: (stack) => append(stack, stack.popMarked()),
  41: tuple(0),
  133: tuple(1),
  134: tuple(2),
  135: tuple(3),
  116: (stack) => stack.push(new PickleTuple(stack.popMarked())),
  125: (stack) => stack.push(new PickleDict()),
  115: (stack) => {
    const value = stack.pop()
    const key = stack.pop()
    setItems(stack, [key, value])
  },
  117: (stack) => setItems(stack, stack.popMarked()),
  143: (stack) => stack.push(new PickleSet()),
  144: (stack) => append(stack, stack.popMarked()),
  145: (stack) => {
    const items = stack.popMarked()
    stack.push(new PickleSet())
    append(stack, items)
  },
  // The stack and its memo.
  40: (stack) => stack.mark(),
  48: (stack) => {
    stack.pop()
  },
  49: (stack) => {
    stack.popMarked()
  },
  50: (stack) => stack.push(stack.top()),
  104: (stack, input) => stack.recall(input.byte()),
  106: (stack, input) => stack.recall(input.uint32()),
  113: (stack, input) => stack.remember(input.byte()),
  114: (stack, input) => stack.remember(input.uint32()),
  148: (stack) => stack.memoize(),
  // Names, and what is made of them.
  99: (stack, input, meaning) => {
    const module = input.line()
    stack.push(meaning.find(module, input.line()))
  },
  147: (stack, _, meaning) => {
    const name = text(stack.pop())
    stack.push(meaning.find(text(stack.pop()), name))
  },
  82: call,
  129: call,
  98: build,
  81: (stack, _, meaning) => stack.push(meaning.persistent(stack.pop())),
  // The protocol's number, and frames, which only help to read ahead.
  128: (_, input) => {
    const protocol = input.byte()
    if (protocol < 2 || protocol > 5)
      throw new CheckpointError(`its pickle is of protocol ${protocol}, not 2 to 5`)
  },
  149: (_, input) => {
    input.length64()
  },
}
