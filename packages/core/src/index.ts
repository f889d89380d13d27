export * from "./document/index.ts"
export * from "./pipeline/index.ts"
export * from "./stage/index.ts"
