import { createHash } from "node:crypto"
import type { RunRecord, TaskRecord } from "./run-record.ts"
import { readBy, type TimelineEntry, timelineOf } from "./timeline.ts"

type AttributeValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }

interface Attribute {
  readonly key: string
  readonly value: AttributeValue
}

/** A span as OTLP's JSON has it: ids in hexadecimal, times in nanoseconds as texts. */
export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 1: internal. */
  readonly kind: 1
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly links?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  /** 0: unset, 1: fine, 2: an error. */
  readonly status: { readonly code: 0 | 1 | 2; readonly message?: string }
}

/** What OTLP calls an ExportTraceServiceRequest. */
export interface OtlpTrace {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeSpans: ReadonlyArray<{
      readonly scope: { readonly name: string; readonly version?: string }
      readonly spans: ReadonlyArray<OtlpSpan>
    }>
  }>
}

const attributeValue = (value: string | number): AttributeValue => {
  if (typeof value === "string") return { stringValue: value }
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

const attributes = (
  values: Readonly<Record<string, string | number | undefined>>,
): ReadonlyArray<Attribute> =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: attributeValue(value) }],
  )

const idOf = (digits: number, ...names: ReadonlyArray<string | number>): string =>
  createHash("sha256").update(JSON.stringify(names)).digest("hex").slice(0, digits)

const nanoseconds = (milliseconds: number): string => String(BigInt(Math.round(milliseconds * 1000)) * 1000n)

/** The ids of a run's spans come from its name: the same run gives the same trace. */
class Spans {
  readonly #run: RunRecord
  readonly trace: string
  readonly root: string

  constructor(run: RunRecord) {
    this.#run = run
    this.trace = idOf(32, run.run)
    this.root = this.id("run")
  }

  id(...names: ReadonlyArray<string | number>): string {
    return idOf(16, this.#run.run, ...names)
  }

  make(
    name: string,
    id: string,
    parent: string | undefined,
    [begun, ended]: readonly [number, number],
    details: Pick<OtlpSpan, "attributes" | "status"> & Pick<Partial<OtlpSpan>, "links">,
  ): OtlpSpan {
    return {
      traceId: this.trace,
      spanId: id,
      ...(parent !== undefined && { parentSpanId: parent }),
      name,
      kind: 1,
      startTimeUnixNano: nanoseconds(begun),
      endTimeUnixNano: nanoseconds(ended),
      ...details,
    }
  }
}

const statusOf = (status: string, message: string | undefined): OtlpSpan["status"] => {
  if (status === "succeeded" || status === "cached") return { code: 1 }
  if (status === "failed") return { code: 2, ...(message !== undefined && { message }) }
  return { code: 0 }
}

const attemptSpans = (
  spans: Spans,
  { task, attempt, begun, ended }: TimelineEntry,
): ReadonlyArray<OtlpSpan> => {
  const id = spans.id("attempt", task.id, attempt.attempt)
  const { failure, resources } = attempt
  const span = spans.make(`attempt ${attempt.attempt}`, id, spans.id("task", task.id), [begun, ended], {
    attributes: attributes({
      "diva.task.id": task.id,
      "diva.attempt.number": attempt.attempt,
      "diva.attempt.peak_memory": attempt.peakMemory,
      "diva.attempt.cpu": resources?.cpu,
      "diva.attempt.memory": resources?.memory,
      "error.type": failure?.reason,
    }),
    status: statusOf(attempt.result ?? "unfinished", failure?.message),
  })
  if (attempt.commitSeconds === undefined) return [span]
  const from = Math.max(begun, ended - attempt.commitSeconds * 1000)
  const commit = { attributes: [], status: { code: 1 } } as const
  return [span, spans.make("commit", spans.id("commit", task.id, attempt.attempt), id, [from, ended], commit)]
}

/** A task that ran spans its attempts and the waits between them. */
const taskSpan = (
  spans: Spans,
  task: TaskRecord,
  entries: ReadonlyArray<TimelineEntry>,
  ran: ReadonlySet<string>,
): OtlpSpan => {
  const begun = Math.min(...entries.map((entry) => entry.begun))
  const ended = Math.max(...entries.map((entry) => entry.ended))
  const links = readBy(task)
    .filter((name) => ran.has(name))
    .map((name) => ({ traceId: spans.trace, spanId: spans.id("task", name) }))
  return spans.make(task.id, spans.id("task", task.id), spans.root, [begun, ended], {
    attributes: attributes({
      "diva.task.id": task.id,
      "diva.task.key": task.key,
      "diva.task.reason": task.reason,
      "diva.task.status": task.status,
      "diva.stage.name": task.stage,
      "diva.stage.version": task.version,
      "error.type": task.failure?.reason,
    }),
    links,
    status: statusOf(task.status, task.failure?.message),
  })
}

const runSpan = (spans: Spans, run: RunRecord): OtlpSpan =>
  spans.make(run.pipeline, spans.root, undefined, [run.started, run.started + run.seconds * 1000], {
    attributes: attributes({
      // The names are OpenTelemetry's own where it has any.
      "cicd.pipeline.name": run.pipeline,
      "cicd.pipeline.run.id": run.run,
      "diva.run.status": run.status,
      "vcs.ref.head.revision": run.git?.commit,
      "vcs.ref.head.name": run.git?.branch,
      ...Object.fromEntries(
        Object.entries(run.params).map(([name, value]) => [`diva.param.${name}`, JSON.stringify(value)]),
      ),
    }),
    status: statusOf(run.status, undefined),
  })

/** A run as an OpenTelemetry trace: spans of the run, of the tasks that ran, of their attempts and commits. */
export const otlpTrace = (run: RunRecord): OtlpTrace => {
  const spans = new Spans(run)
  const timeline = timelineOf(run)
  const byTask = Map.groupBy(timeline, (entry) => entry.task)
  const ran = new Set(timeline.map(({ task }) => task.id))
  const version = run.versions["diva-pipeline"]
  const resource = attributes({
    "service.name": "diva-pipeline",
    "service.version": version,
    "process.runtime.name": "nodejs",
    "process.runtime.version": run.versions.node,
    "os.description": run.machine?.system,
    "host.cpu.model.name": run.machine?.processor,
  })
  return {
    resourceSpans: [
      {
        resource: { attributes: resource },
        scopeSpans: [
          {
            scope: { name: "diva-pipeline", ...(version !== undefined && { version }) },
            spans: [
              runSpan(spans, run),
              ...[...byTask].map(([task, entries]) => taskSpan(spans, task, entries, ran)),
              ...timeline.flatMap((entry) => attemptSpans(spans, entry)),
            ],
          },
        ],
      },
    ],
  }
}
