#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("halligan-server");
await import("../src/main.ts");
