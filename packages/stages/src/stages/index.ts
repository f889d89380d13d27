import type { AnyStage } from "@diva-pipeline/core"

/** Every stage that comes with the project. */
export const stageDefinitions: ReadonlyArray<AnyStage> = []
