import type { TObject } from "typebox"
import type { StageDefinition } from "./definition.ts"

/** A stage whose types are known only to itself: what the engine passes around. */
export type AnyStage = Omit<StageDefinition, "run" | "input"> & {
  readonly input: TObject
  // A method, so that a stage of any input type can be held here: the engine checks the input first.
  run(
    input: Readonly<Record<string, unknown>>,
    context: Parameters<StageDefinition["run"]>[1],
  ): ReturnType<StageDefinition["run"]>
}

/** The stages that a pipeline may use, by name. */
export type StageRegistry = ReadonlyMap<string, AnyStage>

/** A registry of the given stages. Two stages of one name are a mistake of the program. */
export const makeRegistry = (stages: ReadonlyArray<AnyStage>): StageRegistry => {
  const registry = new Map<string, AnyStage>()
  for (const stage of stages) {
    if (registry.has(stage.name)) throw new Error(`two stages are named "${stage.name}"`)
    registry.set(stage.name, stage)
  }
  return registry
}
