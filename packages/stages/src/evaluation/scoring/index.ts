export { type Predictions, writePredictions } from "./predictions.ts"
export { score } from "./score.ts"
export type { Scored, ScoreRequest } from "./score-request.ts"
