export { encodeJpeg, encodePng } from "./encode.ts"
export { crop, type Raster } from "./raster.ts"
export { rasteriseSvg } from "./rasterise.ts"
