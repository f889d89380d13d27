export * from "./digits/index.ts"
export * from "./scenes/index.ts"
