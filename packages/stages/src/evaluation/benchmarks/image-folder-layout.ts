import { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { IMAGE_EXTENSIONS } from "../../formats/index.ts"
import type { Benchmark } from "./benchmark.ts"
import { CLASSNAMES_FILE, readNamedClasses, readTemplates } from "./class-texts.ts"
import { SPLITS } from "./splits.ts"

/** Whether a file's name is that of an image. */
export const isImageName = (name: string): boolean =>
  !name.startsWith(".") && IMAGE_EXTENSIONS.includes(name.slice(name.lastIndexOf(".") + 1).toLowerCase())

/** Python's order of names, by code points. */
const byCodePoints = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/**
 * The folder of the classes' folders: `<split>/`, or the benchmark's own; undefined when no folder in it has an image.
 *
 * @throws StageFailure where its folders are other splits
 */
export const classFolder = async (folder: string, split: string): Promise<string | undefined> => {
  for (const candidate of [join(folder, split), folder]) {
    const names = await foldersIn(candidate)
    const images = await Promise.all(names.map((name) => imagesIn(join(candidate, name))))
    if (images.every((list) => list.length === 0)) continue
    if (candidate !== folder || !names.every((name) => SPLITS.includes(name))) return candidate
    throw permanent(`the benchmark has no split ${split}, but ${names.join(", ")}`, {
      file: folder,
      hint: "say by `split` which it shall be",
    })
  }
  return undefined
}

const foldersIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const isFolder = await Promise.all(
    entries.map((entry) =>
      entry.isSymbolicLink() ? leadsToFolder(join(folder, entry.name)) : entry.isDirectory(),
    ),
  )
  return entries
    .filter(({ name }, index) => isFolder[index] === true && !name.startsWith("."))
    .map(({ name }) => name)
    .sort(byCodePoints)
}

const leadsToFolder = (link: string): Promise<boolean> =>
  stat(link).then(
    (found) => found.isDirectory(),
    () => false,
  )

const imagesIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll("\\", "/"))
  return paths.filter((path) => isImageName(path.slice(path.lastIndexOf("/") + 1))).sort(byCodePoints)
}

/**
 * The class of each folder: the one of its name where the list names them all, else a line for each in the order of their
 * names.
 *
 * @throws StageFailure where the list fits in neither way
 */
const labelsOf = (
  folders: ReadonlyArray<string>,
  classnames: ReadonlyArray<string>,
  file: string,
): ReadonlyArray<number> => {
  const named = folders.map((name) => classnames.indexOf(name))
  if (named.every((label) => label >= 0)) return named
  const hint = "it has a line for each folder, in the order of their names, or has all folders' names"
  if (classnames.length !== folders.length)
    throw permanent(
      `${CLASSNAMES_FILE} has ${classnames.length} names, but there are ${folders.length} folders of classes`,
      { file, hint },
    )
  const astray = named.findIndex((label, place) => label >= 0 && label !== place)
  if (astray >= 0)
    throw permanent(
      `${CLASSNAMES_FILE} has the class ${folders[astray]} in line ${(named[astray] ?? 0) + 1}, but by the order of the folders' names it is class ${astray + 1}`,
      { file, hint },
    )
  return folders.map((_, place) => place)
}

/**
 * Opens a folder of images for each class, as torchvision's ImageFolder does: classes in the order of their names, which
 * `classnames.txt` may replace.
 *
 * @param classes the folder of the classes' folders
 */
export const openImageFolder = async (folder: string, classes: string): Promise<Benchmark> => {
  const folders = await foldersIn(classes)
  const images = await Promise.all(folders.map((name) => imagesIn(join(classes, name))))
  const empty = folders.find((_, label) => images[label]?.length === 0)
  if (empty !== undefined)
    throw permanent(`the class ${empty} has no images`, {
      file: join(classes, empty),
      hint: "remove its folder, if it shall be none",
    })
  const classnames = (await readNamedClasses(folder)) ?? folders
  const labels = labelsOf(folders, classnames, join(folder, CLASSNAMES_FILE))
  const paths = images.flatMap((names, place) =>
    names.map((name) => ({ path: `${folders[place]}/${name}`, label: labels[place] ?? 0 })),
  )
  return {
    task: "classification",
    classnames,
    templates: await readTemplates(folder),
    total: paths.length,
    samples: async function* () {
      for (const { path, label } of paths)
        yield { key: path, image: await readFile(join(classes, path)), label }
    },
  }
}
