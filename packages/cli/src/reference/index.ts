export { documentedStages, fillTables, stageTables } from "./stage-tables.ts"
export { defaultWords, typeWords } from "./type-words.ts"
