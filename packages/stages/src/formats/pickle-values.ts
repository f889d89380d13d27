/** What a pickle can describe here. Nothing of it runs: names of Python's are kept as names. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PickleExtension

/** A value of a format that is pickled, such as a tensor of torch's. */
export abstract class PickleExtension {
  abstract readonly kind: string
}

export class PickleTuple {
  readonly items: ReadonlyArray<PickleValue>
  constructor(items: ReadonlyArray<PickleValue>) {
    this.items = items
  }
}

export class PickleList {
  readonly items: Array<PickleValue> = []
}

/** A dict, or one of its kind; in the order of insertion. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>()
}

/** Its items are of no use to checkpoints, and not kept apart. */
export class PickleSet {
  readonly items: Array<PickleValue> = []
}

/** Something that a pickle asks for by name, and that is on the list of what may be asked for. */
export class PickleGlobal {
  readonly module: string
  readonly name: string
  constructor(module: string, name: string) {
    this.module = module
    this.name = name
  }

  toString(): string {
    return `${this.module}.${this.name}`
  }
}

/** An object of a class that is known by name alone, with the state that a pickle gives it. */
export class PickleObject {
  readonly type: PickleGlobal
  state: PickleValue = null
  constructor(type: PickleGlobal) {
    this.type = type
  }
}
