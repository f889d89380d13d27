export * from "@diva-pipeline/core"
export * from "@diva-pipeline/stages"
