import Apollo
import Foundation

/// Where the gateway is; a debug build talks to the one on this machine.
enum Endpoint {
    #if DEBUG
    static let gateway = URL(string: "http://localhost:4044/graphql")!
    #else
    static let gateway = URL(string: "https://gateway.rollo.example/graphql")!
    #endif
}

struct HeaderInterceptor: ApolloInterceptor {
    let id = "headers"
    let city: String
    let rider: String

    func interceptAsync<Operation>(
        chain: RequestChain,
        request: HTTPRequest<Operation>,
        response: HTTPResponse<Operation>?,
        completion: @escaping (Result<GraphQLResult<Operation.Data>, Error>) -> Void
    ) {
        request.addHeader(name: "x-rollo-city", value: city)
        request.addHeader(name: "x-rollo-rider", value: rider)
        request.addHeader(name: "x-app-version", value: "7.4.0")
        request.addHeader(name: "Accept", value: "application/json")
        chain.proceedAsync(request: request, response: response, interceptor: self, completion: completion)
    }
}
