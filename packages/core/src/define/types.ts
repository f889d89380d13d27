import type { Static, TArray, TObject, TOptional, TProperties, TRecord, TSchema, TUnion } from "typebox"
import type { OutputDefinition, TArtefact } from "../stage/index.ts"
import type { LocalPath, StageOutput } from "./values.ts"

/** The kinds of `weights | conditioned-model`. */
type KindsOf<Kinds extends string> = Kinds extends `${infer First}|${infer Rest}`
  ? Trimmed<First> | KindsOf<Rest>
  : Trimmed<Kinds>

type Trimmed<Text extends string> = Text extends ` ${infer Rest}`
  ? Trimmed<Rest>
  : Text extends `${infer Rest} `
    ? Trimmed<Rest>
    : Text

/** The outputs that an input of the given kinds takes; where the types don't know, the check at run time does. */
type Taken<Kinds extends string> = string extends Kinds
  ? StageOutput
  : "any" extends KindsOf<Kinds>
    ? StageOutput
    : StageOutput<KindsOf<Kinds> | "any">

/** What a program gives for a schema: outputs and paths in the place of artefacts, and otherwise the schema's value. */
export type Given<Schema extends TSchema> =
  Schema extends TArtefact<infer Kinds>
    ? Taken<Kinds> | LocalPath
    : Schema extends TArray<infer Item>
      ? ReadonlyArray<Given<Item>>
      : Schema extends TObject<infer Properties>
        ? GivenProperties<Properties>
        : Schema extends TRecord<string, infer Value>
          ? Readonly<Record<string, Given<Value>>>
          : Schema extends TUnion<infer Members>
            ? Given<Members[number]>
            : Static<Schema>

/**
 * Artefacts have no defaults: those that aren't optional are required. Whether another input has a default is not part of
 * TypeBox's types: it may be absent here, and is missed when the pipeline is defined.
 */
type RequiredNames<Properties extends TProperties> = {
  [Name in keyof Properties]: Properties[Name] extends TOptional
    ? never
    : Properties[Name] extends TArtefact
      ? Name
      : never
}[keyof Properties]

type GivenProperties<Properties extends TProperties> = {
  readonly [Name in RequiredNames<Properties>]: Given<Properties[Name]>
} & {
  readonly [Name in Exclude<keyof Properties, RequiredNames<Properties>>]?:
    | Given<Properties[Name]>
    | undefined
}

/** The outputs of a stage of the pipeline, by name. */
export type StageOutputs<Outputs extends Readonly<Record<string, OutputDefinition>>> = {
  readonly [Name in keyof Outputs]: StageOutput<Outputs[Name]["kind"]>
}
