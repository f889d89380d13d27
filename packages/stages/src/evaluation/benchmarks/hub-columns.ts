import { Type } from "typebox"
import { Value } from "typebox/value"

/** A column of classes, as the Hugging Face hub's tables describe it. */
export interface ClassColumn {
  readonly names: ReadonlyArray<string>
  /** Whether each row has several. */
  readonly isList: boolean
}

/** What is written into a file beside its columns. */
export type FileMetadata = ReadonlyArray<{ readonly key: string; readonly value?: string | undefined }>

const ClassLabel = Type.Object({ _type: Type.Literal("ClassLabel"), names: Type.Array(Type.String()) })
const ListOfClasses = Type.Object({ feature: ClassLabel })
const Described = Type.Object({ info: Type.Object({ features: Type.Record(Type.String(), Type.Unknown()) }) })

/** The columns of classes that a Parquet file of the hub's own library names the classes of. */
export const classColumns = (metadata: FileMetadata = []): ReadonlyMap<string, ClassColumn> => {
  const described = parse(metadata.find(({ key }) => key === "huggingface")?.value)
  if (!Value.Check(Described, described)) return new Map()
  return new Map(
    Object.entries(described.info.features).flatMap(([name, feature]): Array<[string, ClassColumn]> => {
      if (Value.Check(ClassLabel, feature)) return [[name, { names: feature.names, isList: false }]]
      if (Value.Check(ListOfClasses, feature)) return [[name, { names: feature.feature.names, isList: true }]]
      return []
    }),
  )
}

const parse = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? "null")
  } catch {
    return undefined
  }
}
