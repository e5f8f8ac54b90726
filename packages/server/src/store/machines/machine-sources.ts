import { type Expression, type RawBuilder, sql } from "kysely";
import type { MachineField } from "../../odata/entities/machine-fields.ts";
import { SAME_FOR_ALL } from "../../odata/entities/machine-record.ts";
import type { Value } from "../../odata/filter.ts";
import type { FieldSource, FieldSources } from "../lists/field-source.ts";
import type { MachineTable } from "../schema.ts";
import type { SqlDialect } from "../sql-dialect.ts";

/** The values on which `healthStatus` and `lastSeen` depend, in addition to the machine's row. */
export interface HealthClock {
  /** Unix milliseconds. */
  readonly asOfMs: number;
  /** How long a connection may be gone before the machine stops being Active. */
  readonly graceMs: number;
}

/** As in `domain/machines/machine.ts`. */
const INACTIVE_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * Where a query finds each field of a machine. The times of `clock` are numbers of the server, so
 * they are written into the statement and not bound.
 */
export function machineSources(clock: HealthClock, dialect: SqlDialect): FieldSources {
  const sources: Record<MachineField, FieldSource> = {
    computerDnsName: expression(column("computer_dns_name")),
    id: expression(column("id")),
    machineTags: { from: "list", json: column("tags") },
    firstSeen: expression(column("first_seen_ms")),
    lastSeen: expression(lastSeen(clock)),
    healthStatus: expression(dialect.byCodePoints(healthStatus(clock))),
    lastExternalIpAddress: nullable(column("last_external_ip")),
    lastIpAddress: nullable(column("last_ip")),
    osPlatform: expression(column("os_platform")),
    version: nullable(column("version")),
    osVersion: nullable(column("os_version")),
    osBuild: nullable(column("os_build")),
    osArchitecture: expression(column("os_architecture")),
    osProcessor: nullable(column("os_processor")),
    agentVersion: expression(column("agent_version")),
    onboardingStatus: expression(dialect.byCodePoints(ONBOARDING_STATUS)),
    rbacGroupId: expression(column("group_id")),
    rbacGroupName: expression(groupName()),
    riskScore: constant(SAME_FOR_ALL.riskScore),
    exposureLevel: constant(SAME_FOR_ALL.exposureLevel),
    deviceValue: constant(SAME_FOR_ALL.deviceValue),
    aadDeviceId: constant(SAME_FOR_ALL.aadDeviceId),
    isAadJoined: constant(SAME_FOR_ALL.isAadJoined),
  };
  return new Map(Object.entries(sources));
}

/** A connected machine was last seen now. */
function lastSeen({ asOfMs }: HealthClock): RawBuilder<number> {
  return sql`case when ${column("linked")} = 1 then ${sql.lit(asOfMs)} else ${column("last_seen_ms")} end`;
}

/** The same decision as `healthStatus` of `domain/machines/machine.ts`. */
function healthStatus({ asOfMs, graceMs }: HealthClock): RawBuilder<string> {
  const seen = column("last_seen_ms");
  return sql`case when ${column("retired_at_ms")} is not null then 'Inactive'
    when ${column("linked")} = 1 then 'Active' when ${seen} < ${sql.lit(asOfMs - INACTIVE_AFTER_MS)} then 'Inactive'
    when ${column("journal_id")} is null then 'NoSensorData'
    when ${seen} >= ${sql.lit(asOfMs - graceMs)} then 'Active' else 'ImpairedCommunication' end`;
}

/** The same decision as `onboardingStatus` of `domain/machines/machine.ts`. */
const ONBOARDING_STATUS: RawBuilder<string> = sql`case when machine.retired_at_ms is not null then 'CanBeOnboarded'
  when machine.journal_id is null or machine.quarantined = 1 then 'InsufficientInfo' else 'Onboarded' end`;

function groupName(): RawBuilder<string> {
  return sql`(select name from device_group where device_group.id = ${column("group_id")})`;
}

function column(name: keyof MachineTable): Expression<unknown> {
  return sql.ref(`machine.${name}`);
}

const expression = (value: Expression<unknown>): FieldSource => ({ from: "expression", value, nullable: false });
const nullable = (value: Expression<unknown>): FieldSource => ({ from: "expression", value, nullable: true });
const constant = (value: Value): FieldSource => ({ from: "constant", value });
