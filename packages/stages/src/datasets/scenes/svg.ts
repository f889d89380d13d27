import { BACKGROUNDS, type Scene } from "./scene.ts"
import { topicOf } from "./topics/index.ts"

/**
 * A scene as elements of an SVG with a view box of 64×64. Two scenes look the same exactly when this text is the
 * same, so it also serves as a scene's identity.
 */
export const sceneElements = (scene: Scene): string =>
  `<rect width="64" height="64" fill="${BACKGROUNDS[scene.background]}"/>${topicOf(scene).draw(scene)}`

/** A scene as a whole SVG document of `size`×`size` pixels. */
export const sceneSvg = (scene: Scene, size: number): string => sheetSvg([scene], 1, size)

/** Scenes side by side, row by row, as one SVG document: many small ones are rasterised faster together. */
export const sheetSvg = (scenes: ReadonlyArray<Scene>, columns: number, size: number): string => {
  const rows = Math.ceil(scenes.length / columns)
  const cells = scenes.map((scene, index) => {
    const x = (index % columns) * size
    const y = Math.floor(index / columns) * size
    return `<svg x="${x}" y="${y}" width="${size}" height="${size}" viewBox="0 0 64 64">${sceneElements(scene)}</svg>`
  })
  const frame = `width="${columns * size}" height="${rows * size}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${frame}>${cells.join("")}</svg>`
}
