import type { BenchmarkTask } from "../catalogue/index.ts"

/** A question of a pairs benchmark: a statement that describes its own image, and not its pair's other one. */
export interface Question {
  readonly id: number
  readonly category: string
  readonly statement: string
}

/** An image of a benchmark with what it should be, which depends on the task. */
export interface BenchmarkSample {
  /** What errors, draws and reports call it. */
  readonly key: string
  /** The encoded image. */
  readonly image: Uint8Array
  /** Classification: its class. */
  readonly label?: number
  /** Multi-label classification: the classes that it has. */
  readonly targets?: ReadonlyArray<number>
  /** Retrieval: what describes it. */
  readonly captions?: ReadonlyArray<string>
  /** Pairs: two samples after each other are a pair, the odd question first. */
  readonly question?: Question
}

/** The prompts of a class: templates with `{c}` in the class name's place, or a list for each class. */
export type Templates = ReadonlyArray<string> | ReadonlyMap<string, ReadonlyArray<string>>

/** A benchmark of whatever layout. */
export interface Benchmark {
  readonly task: BenchmarkTask
  /** Of classification; none of other tasks. */
  readonly classnames: ReadonlyArray<string>
  /** Those that come with it. */
  readonly templates: ReadonlyArray<string> | undefined
  /** How many samples there are, where it is known beforehand. */
  readonly total: number | undefined
  /** What is odd in how it lies there, in sentences. */
  readonly flags?: ReadonlyArray<string>
  /** @throws StageFailure naming the sample at fault */
  readonly samples: () => AsyncGenerator<BenchmarkSample>
}
