import { crop, type Raster, rasteriseSvg } from "../../images/index.ts"
import type { Scene } from "./scene.ts"
import { sheetSvg } from "./svg.ts"

/** Sheets of this many pixels are quick to rasterise and small in memory. */
const SHEET_PIXELS = 1024 * 1024

/** The scenes' images, `size`×`size` pixels, in order. The next sheet is rasterised while one is being used. */
export async function* renderScenes(scenes: ReadonlyArray<Scene>, size: number): AsyncGenerator<Raster> {
  const columns = Math.max(1, Math.floor(Math.sqrt(SHEET_PIXELS) / size))
  const perSheet = columns * columns
  const render = (start: number): Promise<Raster> | undefined =>
    start < scenes.length
      ? rasteriseSvg(sheetSvg(scenes.slice(start, start + perSheet), columns, size))
      : undefined
  let current = render(0)
  for (let start = 0; start < scenes.length; start += perSheet) {
    const sheet = await current
    current = render(start + perSheet)
    for (let cell = 0; sheet !== undefined && cell < Math.min(perSheet, scenes.length - start); cell++)
      yield crop(sheet, (cell % columns) * size, Math.floor(cell / columns) * size, size, size)
  }
}
