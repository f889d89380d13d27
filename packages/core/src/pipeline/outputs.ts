import { type Diagnostics, didYouMean } from "../document/index.ts"
import { outputNames, usedName } from "./declarations.ts"
import { NO_MATRIX } from "./matrix.ts"
import type { MatrixValues } from "./member-index.ts"
import type { OutputRequest } from "./names.ts"
import type { Member, StageWithMembers } from "./stage-members.ts"
import type { Value } from "./value.ts"

/** Who refers to an output. */
export interface Consumer {
  readonly values: MatrixValues
  /** A consumer that is left out itself may refer to what is left out. */
  readonly isKept: boolean
}

/** What one member of a stage gives as an output. */
export type MemberOutput = (stage: StageWithMembers, member: Member, output: string) => Value

/**
 * Finds what references of one document's stages come to. `stages.S.*.outputs.O` is the list of all kept members'
 * outputs. `stages.S.outputs.O` follows the matrices: one artefact where the consumer's matrix fixes all keys of the
 * producer's, and a list of those members that agree with it where it fixes some of them.
 */
export class OutputFinder {
  readonly #stages: ReadonlyMap<string, StageWithMembers>
  readonly #outputOf: MemberOutput
  readonly #diagnostics: Diagnostics
  readonly #gathered = new Map<OutputRequest, Value>()

  constructor(
    stages: ReadonlyMap<string, StageWithMembers>,
    outputOf: MemberOutput,
    diagnostics: Diagnostics,
  ) {
    this.#stages = stages
    this.#outputOf = outputOf
    this.#diagnostics = diagnostics
  }

  find(request: OutputRequest, consumer: Consumer): Value {
    const stage = this.#stages.get(request.stage)
    const unknown: Value = { kind: "unknown", span: request.span }
    if (stage === undefined) {
      const { stage: key, stageSpan } = request
      this.#diagnostics.reportUnknownName(stageSpan, `there is no stage \`${key}\``, key, this.#stages.keys())
      return unknown
    }
    if (!this.#hasOutput(request, stage) || stage.members === undefined) return unknown
    return request.isOfAll
      ? this.#gather(request, stage, stage.members)
      : this.#follow(request, stage, consumer)
  }

  #hasOutput({ stage: key, output, outputSpan }: OutputRequest, { declaration }: StageWithMembers): boolean {
    const names = outputNames(declaration)
    if (names === undefined) return false
    if (names.includes(output)) return true
    const message = `stage \`${key}\` (${usedName(declaration)}) has no output \`${output}\``
    this.#diagnostics.report(outputSpan, message, { hint: didYouMean(output, names) })
    return false
  }

  #gather(request: OutputRequest, stage: StageWithMembers, members: ReadonlyArray<Member>): Value {
    const known = this.#gathered.get(request)
    if (known !== undefined) return known
    const { span, text, stage: key, output } = request
    const gathered: Value =
      stage.matrix === NO_MATRIX
        ? { kind: "unknown", span }
        : {
            kind: "artefacts",
            items: this.#items(request, stage, members),
            text,
            open: stage.matrix.keys,
            span,
          }
    if (gathered.kind === "unknown") {
      this.#diagnostics.report(span, `the stage \`${key}\` has no matrix, so that \`*\` stands for nothing`, {
        hint: `write stages.${key}.outputs.${output}`,
      })
    }
    this.#gathered.set(request, gathered)
    return gathered
  }

  #follow(request: OutputRequest, stage: StageWithMembers, consumer: Consumer): Value {
    const { span, text } = request
    const { keys } = stage.matrix
    const open = keys.filter((name) => !consumer.values.has(name))
    if (open.length > 0 && open.length === keys.length) return this.#failToChoose(request, open)
    const agreeing = stage.index.agreeing(consumer.values)
    const items = this.#items(request, stage, agreeing)
    if (open.length > 0) return { kind: "artefacts", items, text, open, span }
    return items[0] ?? this.#missing(request, stage, agreeing, consumer)
  }

  #items(
    { output, text, span }: OutputRequest,
    stage: StageWithMembers,
    members: ReadonlyArray<Member>,
  ): ReadonlyArray<Value> {
    const items: Array<Value> = []
    for (const member of members) {
      if (!member.isKept) continue
      const value = this.#outputOf(stage, member, output)
      items.push(value.kind === "artefact" ? { ...value, text, span } : { ...value, span })
    }
    return items
  }

  #failToChoose({ stage: key, output, text, span }: OutputRequest, open: ReadonlyArray<string>): Value {
    const keys = open.map((name) => `\`${name}\``).join(" and ")
    this.#diagnostics.report(
      span,
      `there is one \`${text}\` for each ${keys}, and nothing says which one is meant`,
      {
        hint: `for the list of all write stages.${key}.*.outputs.${output}; for one of them give this stage a matrix with ${keys} too`,
      },
    )
    return { kind: "unknown", span }
  }

  #missing(
    { stage: key, span }: OutputRequest,
    { matrix }: StageWithMembers,
    agreeing: ReadonlyArray<Member>,
    consumer: Consumer,
  ): Value {
    const isUnsure = [...consumer.values.values()].some((value) => value.kind === "unknown")
    if (!consumer.isKept || isUnsure) return { kind: "unknown", span }
    if (agreeing.length > 0) return { kind: "dropped", stage: key, span }
    const keys = matrix.keys.map((name) => `\`${name}\``).join(" and ")
    this.#diagnostics.report(span, `the matrix of \`${key}\` has no member with this member's ${keys}`, {
      hint: "give both stages the same values, or leave the member out with `exclude` or `when`",
    })
    return { kind: "unknown", span }
  }
}
