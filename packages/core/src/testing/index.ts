export { type StageTest, type StageTestOptions, testStage } from "./test-stage.ts"
