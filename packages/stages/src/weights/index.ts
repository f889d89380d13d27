export { CATALOGUE, type CatalogueEntry, type CatalogueFile } from "./catalogue/catalogue.ts"
export { type FetchJob, fetchWeights } from "./fetch-weights.ts"
export { packagedModels } from "./packaged.ts"
export { type RequestedFile, resolveWeights, type WeightsRequest } from "./resolve.ts"
