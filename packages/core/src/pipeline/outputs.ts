import { type Diagnostics, didYouMean } from "../document/index.ts"
import { agrees, type MatrixValues } from "./matrix.ts"
import type { OutputRequest } from "./names.ts"
import { OutputReference } from "./pipeline.ts"
import type { Member, StageWithMembers } from "./stage-members.ts"
import type { ArtefactValue, Value } from "./value.ts"

/** Who refers to an output. */
export interface Consumer {
  readonly values: MatrixValues
  /** A consumer that is left out itself may refer to what is left out. */
  readonly isKept: boolean
}

/**
 * What a reference to an output comes to: one artefact where the consumer's matrix fixes all keys of the producer's,
 * and otherwise the artefacts of those members that agree with the consumer on the keys that both have.
 */
export const outputValue = (
  request: OutputRequest,
  consumer: Consumer,
  stages: ReadonlyMap<string, StageWithMembers>,
  diagnostics: Diagnostics,
): Value => {
  const { stage: key, output, span, text } = request
  const unknown: Value = { kind: "unknown", span }
  const stage = stages.get(key)
  if (stage === undefined) {
    diagnostics.reportUnknownName(request.stageSpan, `there is no stage \`${key}\``, key, stages.keys())
    return unknown
  }
  const { definition } = stage.declaration
  if (definition === undefined) return unknown
  const found = Object.hasOwn(definition.outputs, output) ? definition.outputs[output] : undefined
  if (found === undefined) {
    const hint = didYouMean(output, Object.keys(definition.outputs))
    diagnostics.report(
      request.outputSpan,
      `stage \`${key}\` (${definition.name}) has no output \`${output}\``,
      { hint },
    )
    return unknown
  }
  if (stage.members === undefined) return unknown
  const agreeing = stage.members.filter((member) => agrees(member.values, consumer.values))
  const items = agreeing
    .filter((member) => member.isKept)
    .map(
      (member): ArtefactValue => ({
        kind: "artefact",
        reference: new OutputReference(member.id, output),
        artefact: found.kind,
        text,
        span,
      }),
    )
  const open = stage.matrix.keys.filter((name) => !consumer.values.has(name))
  if (open.length > 0) return { kind: "artefacts", items, text, open, span }
  const [single] = items
  if (single !== undefined) return single
  return missingMember(request, stage, agreeing, consumer, diagnostics)
}

const missingMember = (
  { stage: key, span }: OutputRequest,
  { matrix }: StageWithMembers,
  agreeing: ReadonlyArray<Member>,
  consumer: Consumer,
  diagnostics: Diagnostics,
): Value => {
  if (!consumer.isKept || [...consumer.values.values()].some((value) => value.kind === "unknown")) {
    return { kind: "unknown", span }
  }
  if (agreeing.length > 0) return { kind: "dropped", stage: key, span }
  const keys = matrix.keys.map((name) => `\`${name}\``).join(" and ")
  diagnostics.report(span, `the matrix of \`${key}\` has no member with this member's ${keys}`, {
    hint: "give both stages the same values, or leave the member out with `exclude` or `when`",
  })
  return { kind: "unknown", span }
}
