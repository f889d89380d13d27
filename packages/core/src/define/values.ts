/** A file or folder of the user's own, given to an input that is an artefact. */
export class LocalPath {
  /** As the program says it. */
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
}

/**
 * An output of a stage of the pipeline that is being defined, to be given to other stages.
 *
 * @typeParam Kind what it is; only inputs that take that kind accept it
 */
export class StageOutput<out Kind extends string = string> {
  readonly task: string
  readonly output: string
  readonly kind: Kind
  /** The definition that it belongs to. */
  readonly owner: object
  constructor(owner: object, task: string, output: string, kind: Kind) {
    this.owner = owner
    this.task = task
    this.output = output
    this.kind = kind
  }

  /** As messages speak of it. */
  get text(): string {
    return `${this.task}.outputs.${this.output}`
  }
}
