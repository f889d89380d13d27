export { automaticDesign } from "./automatic-design.ts"
export {
  chooseTokens,
  conditionTokens,
  drawPatches,
  type ImageTower,
  joinText,
  tokenShares,
  towerTokens,
} from "./condition-tokens.ts"
export * from "./designs/index.ts"
export { type InjectOptions, injectCondition } from "./inject.ts"
export {
  initialProjector,
  PROJECTOR_FILE,
  type Projector,
  readProjector,
  writeProjector,
} from "./projector.ts"
