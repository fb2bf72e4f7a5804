import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { fleet } from './fleet';
import { resolvers } from './resolvers';

const typeDefs = readFileSync('src/schema.graphql', 'utf-8');
const server = new ApolloServer({ typeDefs, resolvers });

startStandaloneServer(server, {
  listen: { port: Number(process.env.PORT ?? 4044) },
  context: async ({ req }) => ({
    fleet: fleet(String(req.headers['x-rollo-city'] ?? '')),
    rider: String(req.headers['x-rollo-rider'] ?? ''),
    minVersion: req.headers['x-app-version'],
  }),
}).then(({ url }) => console.log(JSON.stringify({ status: 'listening', name: 'gateway', url })));
