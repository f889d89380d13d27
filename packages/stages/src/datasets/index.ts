export * from "./digits/index.ts"
export * from "./image2dataset/index.ts"
export * from "./scenes/index.ts"
